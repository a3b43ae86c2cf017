#!/usr/bin/perl
# The other end as Net::SMPP (Debian: libnet-smpp-perl) plays it, operator or customer. Orders and events:
# tests/interop/others.py.
package SecureSMPP;    # Net::SMPP under TLS: its methods on a socket of IO::Socket::SSL
use strict;
use warnings;
use IO::Socket::SSL;
use Net::SMPP;
our @ISA = ('IO::Socket::SSL', 'Net::SMPP');

package main;
use Encode qw(decode encode);
use IO::Select;
use IO::Socket::SSL;
use JSON::PP;

use constant PART => 60;    # characters of one part: any alphabet, with any header

binmode STDOUT;
$| = 1;
my $select = IO::Select->new(\*STDIN);
my (%welcome, %name_of, %session_of, @refusals, $orders);    # by file number; by system_id
my ($references, $ids) = (0, 0);

sub tell_event {
    my ($event, %fields) = @_;
    print encode_json({event => $event, %fields}), "\n";
}

# -- what came

sub place_of {
    my ($pdu) = @_;
    my $octets = $pdu->{short_message};
    if ($pdu->{esm_class} & 0x40) {
        my ($length, $element, undef, @rest) = unpack 'C*', substr $octets, 0, 1 + ord $octets;
        my $place = $element == 8 ? [$rest[0] * 256 + $rest[1], @rest[2, 3]] : [@rest[0 .. 2]];
        return ('udh', $place, substr $octets, $length + 1);
    }
    if (defined $pdu->{sar_total_segments}) {
        my $reference = unpack 'n', $pdu->{sar_msg_ref_num};
        return ('sar', [$reference, map { ord } @$pdu{qw(sar_total_segments sar_segment_seqnum)}], $octets);
    }
    return ('payload', undef, $pdu->{message_payload}) if defined $pdu->{message_payload};
    return ('short', undef, $octets);
}

sub got {
    my ($command, $name, $pdu, %more) = @_;
    my ($way, $place, $octets) = place_of($pdu);
    my $id = $pdu->{receipted_message_id};
    tell_event(
        'got',
        command     => $command,
        system_id   => $name,
        source      => $pdu->{source_addr},
        destination => $pdu->{destination_addr},
        esm_class   => $pdu->{esm_class},
        data_coding => $pdu->{data_coding},
        registered  => $pdu->{registered_delivery},
        way         => $way,
        place       => $place,
        text        => decode($pdu->{data_coding} == 8 ? 'UTF-16BE' : 'ascii', $octets),
        receipted   => defined $id ? unpack('Z*', $id) : undef,
        %more,
    );
}

sub receipt {
    my ($session, $submit, $id) = @_;
    my $dates = 'submit date:2611221840 done date:2611221841';
    $session->deliver_sm(
        async                => 1,
        source_addr          => $submit->{destination_addr},
        destination_addr     => $submit->{source_addr},
        esm_class            => 4,
        short_message        => "id:$id sub:001 dlvrd:001 $dates stat:DELIVRD err:000 text:",
        receipted_message_id => "$id\0",
        message_state        => pack('C', 2),
    );
}

# -- a session, at either end

sub attend {
    my ($session, $name) = @_;
    $name_of{fileno $session} = $name;
    $session_of{$name} = $session;
}

sub leave {
    my ($session) = @_;
    $select->remove($session);
    my $name = delete $name_of{fileno $session};
    close $session;
    tell_event('unbound', system_id => $name) if defined $name;
}

sub bound {
    my ($session, $pdu, $command) = @_;
    attend($session, $pdu->{system_id});
    my $answer = "${command}_resp";
    $session->$answer(seq => $pdu->{seq}, system_id => 'PERL');
    tell_event('bound', system_id => $pdu->{system_id}, command => $command, version => $pdu->{interface_version});
}

sub submitted {
    my ($session, $pdu) = @_;
    my $status = shift(@refusals) // 0;
    my $id     = 'perl-' . ++$ids;
    got('submit_sm', $name_of{fileno $session}, $pdu, status => $status, operator_id => $id);
    $session->submit_sm_resp(seq => $pdu->{seq}, status => $status, message_id => $status ? '' : $id);
    receipt($session, $pdu, $id) if !$status && $pdu->{registered_delivery} & 1;
}

sub delivered {
    my ($session, $pdu) = @_;
    got('deliver_sm', $name_of{fileno $session}, $pdu);
    $session->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
}

sub answered {
    my ($session, $pdu, $command) = @_;
    tell_event(
        'answered',
        system_id  => $name_of{fileno $session},
        command    => $command,
        status     => $pdu->{status},
        message_id => $pdu->{message_id} // '',
    );
}

my %does = (
    bind_transmitter => \&bound,
    bind_receiver    => \&bound,
    bind_transceiver => \&bound,
    submit_sm        => \&submitted,
    deliver_sm       => \&delivered,
    submit_sm_resp   => \&answered,
    deliver_sm_resp  => \&answered,
    enquire_link     => sub { $_[0]->enquire_link_resp(seq => $_[1]{seq}) },
    unbind           => sub { $_[0]->unbind_resp(seq => $_[1]{seq}); leave($_[0]) },
    unbind_resp      => sub { leave($_[0]) },
);

sub read_session {
    my ($session) = @_;
    do {
        my $pdu = do { local $SIG{__WARN__} = sub { }; $session->read_pdu };
        return leave($session) if !defined $pdu;
        my $command = $pdu->explain_cmd;
        $does{$command}->($session, $pdu, $command) if $does{$command};
    } while (defined fileno($session) && $session->isa('IO::Socket::SSL') && $session->pending);
}

# -- orders

my %order = (
    listen => sub {
        my ($order) = @_;
        my %tls = (
            SSL_server      => 1,
            SSL_cert_file   => $order->{certificate},
            SSL_key_file    => $order->{certificate},
            SSL_ca_file     => $order->{authority},
            SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        );
        my ($plain, $secure) = map { Net::SMPP->new_listen('127.0.0.1', port => 0) or die $! } 1, 2;
        %welcome = (fileno $plain => sub { $_[0] }, fileno $secure => sub { SecureSMPP->start_SSL($_[0], %tls) });
        $select->add($plain, $secure);
        tell_event('listening', port => $plain->sockport, tls_port => $secure->sockport);
    },
    bind => sub {
        my ($order) = @_;
        my $session = Net::SMPP->new_connect('127.0.0.1', port => $order->{port}) or die $!;
        my %trust = (SSL_ca_file => $order->{authority}, SSL_verifycn_name => '127.0.0.1', SSL_verifycn_scheme => 'smtp');
        SecureSMPP->start_SSL($session, %trust) or die $SSL_ERROR if defined $order->{authority};
        my $answer = $session->bind_transceiver(system_id => $order->{system_id}, password => $order->{password});
        attend($session, $order->{system_id});
        $select->add($session);
        tell_event('bound', system_id => $answer->{system_id}, status => $answer->{status});
    },
    send => sub {
        my ($order) = @_;
        my $way   = $order->{way};
        my @parts = $way eq 'payload' ? ($order->{text}) : $order->{text} =~ /(.{1,${\PART}})/gs;
        my $latin = $order->{text} =~ /^[\x00-\x7f]*$/;
        my ($number, $reference, $command) = (0, ++$references, $order->{command});
        for my $part (@parts) {
            my $octets = encode($latin ? 'ascii' : 'UTF-16BE', $part);
            $number++;
            my %own = (
                short   => [short_message => $octets],
                udh     => [
                    esm_class     => 0x40,
                    short_message => pack('C6', 5, 0, 3, $reference, scalar @parts, $number) . $octets
                ],
                sar => [
                    short_message      => $octets,
                    sar_msg_ref_num    => pack('n', $reference),
                    sar_total_segments => pack('C', scalar @parts),
                    sar_segment_seqnum => pack('C', $number)
                ],
                payload => [message_payload => $octets],
            );
            $session_of{$order->{to}}->$command(
                async               => 1,
                source_addr         => $order->{source},
                destination_addr    => $order->{destination},
                registered_delivery => $order->{registered} // 0,
                data_coding         => $latin ? 0 : 8,
                @{$own{$way}},
            );
        }
    },
    refuse => sub { push @refusals, $_[0]{status}; tell_event('refusing') },
    unbind => sub { $session_of{$_[0]{to}}->unbind(async => 1) },
);

sub read_orders {
    my $n = sysread STDIN, $orders, 65_536, length($orders // '');
    exit 0 if !$n;
    while ($orders =~ s/^(.*)\n//) {
        my $order = decode_json($1);
        $order{$order->{do}}->($order);
    }
}

sub ready {
    my ($handle) = @_;
    return read_orders() if $handle == \*STDIN;
    my $welcome = $welcome{fileno $handle};
    return read_session($handle) if !$welcome;
    my $session = $handle->accept or return;
    $select->add($session) if $welcome->($session);
}

while (1) { ready($_) for $select->can_read }
