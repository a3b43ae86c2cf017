<?php
// An old page with file_get_contents, in HTTP/1.0: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
// Prints `message_id line mobile status state` (from /sendsms.ashx `message_id - - - state`), or `refused CODE`.
error_reporting(E_ALL);
[, $way, $base, $username, $password, $mobile, $text, $line] = $argv;
$line2 = $argv[8] ?? '';

function call($url, $form = null)
{
    $http = ['protocol_version' => 1.0, 'timeout' => 20];
    if ($form !== null) {
        $http += ['method' => 'POST', 'header' => "Content-type: application/x-www-form-urlencoded\r\n",
            'content' => http_build_query($form)];
    }
    $answer = file_get_contents($url, false, stream_context_create(['http' => $http]));
    if ($answer === false) {
        exit(1);
    }
    return $answer;
}

if ($way === 'sendsms') {
    $answer = call("$base//sendsms.ashx?user=" . urlencode($username) . '&pass=' . urlencode($password)
        . "&to=$mobile&text=" . urlencode($text) . "&line=$line");
    if (strlen($answer) <= 3) {
        exit("refused $answer\n");
    }
    $told = ['status' => '-', 'data' => ['message_id' => $answer, 'line' => '-', 'mobile' => '-']];
} else {
    $fields = ['username' => $username, 'password' => $password, 'mobile' => $mobile, 'message' => $text,
        'line' => $line, 'line2' => $line2];
    $answer = $way === 'get' ? call("$base/api/wsSend.ashx?" . http_build_query($fields))
        : call("$base/api/wsSend.ashx", $fields);
    $told = json_decode($answer, true);
    if (!($told['status'] == -1)) {
        exit("refused {$told['status']}\n");
    }
}
$id = $told['data']['message_id'];
for ($i = 0; $i < 200; $i++) {
    $ask = ['username' => $username, 'password' => $password, 'message_ids' => $id];
    $states = json_decode(call("$base/api/wsStates.aspx", $ask), true)['data']['states'];
    if ($states == 1 || $states == 2 || $states == 16) {
        break;
    }
    usleep(50000);
}
echo "$id {$told['data']['line']} {$told['data']['mobile']} {$told['status']} $states\n";
