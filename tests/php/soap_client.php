<?php
// PHP's SoapClient against the WSDL that is served; the calls and the habits are those of programs in the field.
// php soap_client.php BASE_URL SOAP_VERSION NEW_PASSWORD: one JSON object on standard output. `1.1-gzip` sends compressed.
[, $base, $version, $newPassword] = $argv;

function client(string $base, string $version): SoapClient
{
    return new SoapClient("$base/almassms.asmx?WSDL", [
        'cache_wsdl' => WSDL_CACHE_NONE,
        'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
        'exceptions' => true,
        'encoding' => 'UTF-8',
    ] + (str_ends_with($version, 'gzip') ? ['compression' => SOAP_COMPRESSION_ACCEPT | SOAP_COMPRESSION_GZIP | 9] : []));
}

$client = client($base, $version);
$login = ['pUsername' => 'demo', 'pPassword' => 'demo-3300'];
$told = ['functions' => count($client->__getFunctions())];

// An array as the schema has it; a bare PHP list; one value where a list is meant.
$told['schema'] = $client->SendSms($login + [
    'messages' => ['string' => ['سلام']],
    'mobiles' => ['string' => ['09120009000', '12', '09130009000']],
]);
$told['list'] = $client->SendSms($login + ['messages' => ['one', 'two'], 'mobiles' => ['09120009000', '09130009000']]);
$told['single'] = $client->Send($login + [
    'line' => 9830003301,
    'messages' => ['string' => 'سلام & <ب>'],
    'mobiles' => ['string' => '09120009000'],
    'encodings' => ['int' => 2],
    'mclass' => ['int' => 1],
]);
$told['one'] = $client->Send1Sms($login + ['message' => 'hello', 'mobile' => '+989120009000']);

$ids = $told['list']->pMessageIds->long;
$told['states'] = $client->GetMessageStatus2($login + ['pMessageIds' => $ids]);
$told['credit'] = $client->GetCredit($login);
$told['info'] = $client->GetInfo2($login);
$told['received'] = $client->GetReceivedSms($login + ['pWithSchema' => true, 'mergeMessages' => true]);
$told['refused'] = $client->SendSms(['pPassword' => 'wrong'] + $login + [
    'messages' => ['string' => 'a'],
    'mobiles' => ['string' => '09120009000'],
]);

$told['changed'] = $client->ChangePassword(['pUsername' => 'string', 'pNewPassword' => $newPassword] + $login);
$told['old'] = $client->GetCredit(['pUsername' => 'string'] + $login);
$told['new'] = $client->GetCredit(['pUsername' => 'string', 'pPassword' => $newPassword]);

try {
    $bare = new SoapClient(null, ['location' => "$base/almassms.asmx", 'uri' => 'http://tempuri.org/']);
    $bare->NoSuchOperation();
    $told['fault'] = null;
} catch (SoapFault $fault) {
    $told['fault'] = [$fault->faultcode, $fault->faultstring];
}
// Without a WSDL, in the encoding of SOAP 1.1 §5: parameters with types, arrays of items.
$told['rpc'] = $bare->__soapCall('SendSms', [
    new SoapParam('demo', 'pUsername'),
    new SoapParam('demo-3300', 'pPassword'),
    new SoapParam(['سلام'], 'messages'),
    new SoapParam(['09120009000', '09130009000'], 'mobiles'),
]);

echo json_encode($told, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
