<?php
// An envelope as nusoap writes it, posted by curl as nusoap posts it; the answer is printed as it came.
// php nusoap_envelope.php BASE_URL
[, $base] = $argv;
$namespace = 'http://www.neginalmas.ir/';
$item = fn (string $name, string $kind, string $value): string => "<$name><$kind>" . htmlspecialchars($value) . "</$kind></$name>";
$envelope = '<?xml version="1.0" encoding="UTF-8"?>'
    . '<SOAP-ENV:Envelope SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
    . ' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    . ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    . ' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>'
    . "<Send xmlns=\"$namespace\"><pUsername>demo</pUsername><pPassword>demo-3300</pPassword><line>9830003301</line>"
    . $item('messages', 'string', 'سلام & <ب>')
    . $item('mobiles', 'string', '09120009000')
    . $item('Encodings', 'int', '2') // the capital letter is in programs of the field
    . $item('mclass', 'int', '1')
    . '</Send></SOAP-ENV:Body></SOAP-ENV:Envelope>';
$curl = curl_init("$base/almassms.asmx");
curl_setopt_array($curl, [
    CURLOPT_POST => true,
    CURLOPT_POSTFIELDS => $envelope,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_0,
    CURLOPT_HTTPHEADER => ['Content-Type: text/xml; charset=UTF-8', "SOAPAction: \"{$namespace}Send\""],
]);
$answer = curl_exec($curl);
fwrite(STDERR, curl_error($curl));
echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), "\n", $answer, "\n";
