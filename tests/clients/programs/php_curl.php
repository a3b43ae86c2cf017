<?php
// A shop's program with PHP's curl: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
// Prints `message_id line mobile status state`, or `refused CODE`.
error_reporting(E_ALL);
[, $way, $base, $username, $password, $mobile, $text, $line] = $argv;
$line2 = $argv[8] ?? '';

function call($url, $body = null)
{
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    curl_setopt($curl, CURLOPT_TIMEOUT, 20);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POST, true);
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($curl);
    if ($answer === false) {
        fwrite(STDERR, curl_error($curl));
        exit(1);
    }
    return json_decode($answer);
}

$fields = ['username' => $username, 'password' => $password, 'mobile' => $mobile, 'message' => $text,
    'line' => $line, 'line2' => $line2];
if ($way === 'get') {
    $told = call("$base/api/wsSend.ashx?username=" . urlencode($username) . '&password=' . urlencode($password)
        . "&mobile=$mobile&message=" . urlencode($text) . "&line=$line&line2=$line2");
} elseif ($way === 'array') {
    $told = call("$base/api/wsSend.ashx", $fields); // curl makes a multipart body of an array
} else {
    $told = call("$base/api/wsSend.ashx", http_build_query($fields));
}
if (!($told->status < 0)) {
    exit("refused {$told->status}\n");
}
$id = $told->data->message_id;
$ask = http_build_query(['username' => $username, 'password' => $password, 'message_ids' => $id]);
for ($i = 0; $i < 200; $i++) {
    $states = call("$base/api/wsStates.aspx", $ask)->data->states;
    if (in_array($states, ['1', '2', '16'], true)) {
        break;
    }
    usleep(50000);
}
echo "$id {$told->data->line} {$told->data->mobile} {$told->status} $states\n";
