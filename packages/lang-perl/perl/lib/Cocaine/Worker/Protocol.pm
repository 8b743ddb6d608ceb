package Cocaine::Worker::Protocol;

# Messages of the worker protocol, version 1, as they go over ZMTP.

use strict;
use warnings;
use Cocaine::Worker::Zmtp qw(MORE frame);
use Exporter qw(import);

our @EXPORT_OK = qw(
    INVOKE TERMINATE WRITE CANCEL CREDIT CHUNK CHOKE HEARTBEAT HELLO ERROR LOG LAST WINDOW FRAME_LIMIT NO_JOB
    CHUNK_OPENING LAST_CHUNK_OPENING CHOKE_OPENING CREDIT_OPENING HEARTBEAT_MESSAGE message hello
);
our %EXPORT_TAGS = (all => \@EXPORT_OK);

use constant { INVOKE => 1, TERMINATE => 2, WRITE => 3, CANCEL => 4, CREDIT => 5 };
use constant { CHUNK => 10, CHOKE => 11, HEARTBEAT => 13, HELLO => 14, ERROR => 15, LOG => 16 };
use constant {
    VERSION => 1,
    LAST    => 1,
    # Bytes that each direction of a job may send before it needs CREDIT.
    WINDOW      => 262_144,
    FRAME_LIMIT => 1_048_576,
    NO_JOB      => "\0\0\0\0",
};

# The start of a message up to the job's number, which is handled as the four bytes that it is on the wire.
sub _opening { return pack 'C4 x2', @_ }

use constant CHUNK_OPENING      => _opening(MORE, 8, CHUNK, 0);
use constant LAST_CHUNK_OPENING => _opening(MORE, 8, CHUNK, LAST);
use constant CHOKE_OPENING      => _opening(0, 8, CHOKE, LAST);
use constant CREDIT_OPENING     => _opening(MORE, 8, CREDIT, 0);
use constant HEARTBEAT_MESSAGE  => _opening(0, 8, HEARTBEAT, 0) . NO_JOB;

# A message with frames after its header.
sub message {
    my ($code, $number, @frames) = @_;
    my $message = _opening(MORE, 8, $code, $code == ERROR ? LAST : 0) . $number;
    while (@frames) {
        my $body = shift @frames;
        $message .= frame(length $body, @frames ? MORE : 0) . $body;
    }
    return $message;
}

# HELLO. Nothing in it needs escaping, so that a worker starts without a JSON module.
sub hello {
    my (%of) = @_;
    my $methods = join ',', map {qq("$_")} grep {/\A[A-Za-z_]\w*\z/a} @{ $of{methods} };
    my $progress = $of{progress} ? 'true' : 'false';
    return message(HELLO, NO_JOB,
        sprintf '{"protocol":%d,"pid":%d,"language":"%s","kit":"%s","progress":%s,"methods":[%s]}',
        VERSION, $$, $of{language}, $of{kit}, $progress, $methods);
}

1;
