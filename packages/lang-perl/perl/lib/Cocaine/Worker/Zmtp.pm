package Cocaine::Worker::Zmtp;

# ZMTP 3.1 (RFC 37) on a Unix socket: the side of a DEALER, with the mechanism NULL.

use strict;
use warnings;
use Errno qw(EINTR);
use Exporter qw(import);
use Socket qw(PF_UNIX SOCK_STREAM pack_sockaddr_un);

our @EXPORT_OK = qw(MORE LONG COMMAND frame command connect_dealer split_message answer_to);

use constant { MORE => 1, LONG => 2, COMMAND => 4 };
use constant GREETING => "\xff" . "\0" x 8 . "\x7f\x03\x01" . pack('a20', 'NULL') . "\0" x 32;

# The header of a frame.
sub frame {
    my ($length, $flags) = @_;
    return $length < 256 ? pack('CC', $flags, $length) : pack('CQ>', $flags | LONG, $length);
}

sub command {
    my ($name, $data) = @_;
    my $body = pack('C/a*', $name) . $data;
    return frame(length $body, COMMAND) . $body;
}

# Connects to a ROUTER at ipc://<path>, under a routing id.
sub connect_dealer {
    my ($endpoint, $identity) = @_;
    my ($path) = $endpoint =~ m{\Aipc://(.+)\z}s or die "endpoint $endpoint: a worker connects to ipc://<path>\n";
    socket my $socket, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!\n";
    connect $socket, pack_sockaddr_un($path) or die "cannot connect to $endpoint: $!\n";
    my $properties = join '', map { pack 'C/a* N/a*', @$_ } [ 'Socket-Type', 'DEALER' ], [ Identity => $identity ];
    _write($socket, GREETING . command('READY', $properties));
    my $greeting = _read($socket, length GREETING);
    if ($greeting !~ /\A\xff.{8}\x7f[\x03-\xff].NULL\0/s) {
        die "$endpoint does not speak ZMTP 3 with the mechanism NULL\n";
    }
    my ($flags, $length) = unpack 'CC', _read($socket, 2);
    $length = unpack 'Q>', chr($length) . _read($socket, 7) if $flags & LONG;
    my $body = _read($socket, $length);
    die "$endpoint refused this worker: " . substr($body, 0, 300) . "\n"
        unless $flags & COMMAND && $body =~ /\A\x05READY/;
    return $socket;
}

# Takes the message, or the command, that begins at an index of a buffer of so many bytes.
# Returns the index after it, its frames, and whether it is a command; or, where it is not complete, nothing, and how
# far the buffer must reach at least to go on.
sub split_message {
    my ($buffer, $at, $size) = (\$_[0], @_[ 1, 2 ]);
    my @frames;
    while (1) {
        return (undef, $at + 2) if $size - $at < 2;
        my ($flags, $length) = unpack "\@${at}CC", $$buffer;
        if ($flags & LONG) {
            return (undef, $at + 9) if $size - $at < 9;
            $length = unpack '@' . ($at + 1) . 'Q>', $$buffer;
            $at += 9;
        }
        else {
            $at += 2;
        }
        my $end = $at + $length;
        return (undef, $end) if $end > $size;
        push @frames, substr $$buffer, $at, $length;
        $at = $end;
        return ($at, \@frames, $flags & COMMAND) unless $flags & MORE;
    }
}

# The answer to a command: PONG with its context to a PING, none to others.
sub answer_to {
    my ($body) = @_;
    return $body =~ /\A\x04PING/ ? command('PONG', substr $body, 7) : '';
}

sub _write {
    my ($socket, $data) = @_;
    while ($data ne '') {
        my $count = syswrite $socket, $data;
        if (defined $count) { substr $data, 0, $count, '' }
        elsif ($! != EINTR) { die "cannot write to the engine: $!\n" }
    }
    return;
}

sub _read {
    my ($socket, $length) = @_;
    my $data = '';
    while (length $data < $length) {
        my $count = sysread $socket, $data, $length - length $data, length $data;
        next if !defined $count && $! == EINTR;
        die "the engine closed the connection: it expects no worker of this identity\n" unless $count;
    }
    return $data;
}

1;
