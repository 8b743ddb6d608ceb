use strict;
use warnings;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Test::More;
use Cocaine::Worker::Link ();
use Cocaine::Worker::Protocol qw(HEARTBEAT_MESSAGE);
use Cocaine::Worker::Zmtp qw(MORE command frame);

sub pair {
    socketpair my $one, my $other, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die $!;
    return (Cocaine::Worker::Link->new($one), $other);
}

sub message { my @bodies = @_; return join '', map { frame(length $bodies[$_], $_ < $#bodies ? MORE : 0) . $bodies[$_] } 0 .. $#bodies }

my $header = pack 'CCx2N', 1, 1, 77;
my @kinds  = (
    [ $header, 'echo', '{}', 'hello' ],
    [ $header, 'echo', '{}' ],
    [ $header, 'echo', '{}', '' ],
    [ $header, 'm' x 255, 'd' x 255, 'c' x 255 ],
    [ $header, 'echo', 'd' x 256,  'c' ],
    [ $header, 'echo', '{}',       'c' x 100_000 ],
    [ $header, 'echo', '{}',       'c', 'more than there should be' ],
    [ pack('CCx2N', 3, 0, 1), 'a piece' ],
    [ pack('CCx2N', 2, 0, 0) ],
);

srand 11;
for my $round (1 .. 20) {
    my @sent = map { $kinds[ rand @kinds ] } 1 .. 30;
    my $data = join '', map { message(@$_) . (rand() < 0.1 ? command('PING', "\0\0x") : '') } @sent;
    my ($link, $engine) = pair();
    my @got;
    for (my $at = 0; $at < length $data;) {
        my $size = 1 + int rand(rand() < 0.5 ? 20 : 30_000);
        syswrite $engine, substr $data, $at, $size;
        $at += $size;
        push @got, @{ $link->receive(0) };
    }
    while (@got < @sent) { push @got, @{ $link->receive(0) } }
    is_deeply \@got, \@sent, "messages arrive however they were cut ($round)";
}

my ($link, $engine) = pair();
is_deeply $link->receive(0), [], 'nothing is there yet';
syswrite $engine, message($header, 'echo', '{}', 'x') . command('PING', "\0\0context");
is scalar @{ $link->receive(1) }, 1, 'a message comes';
$link->send_message('a message');
$link->beat;
$link->flush;
sysread $engine, my $data, 1000;
is $data, command('PONG', 'context') . 'a message' . HEARTBEAT_MESSAGE, 'what waits leaves in its order';
ok !$link->has_waiting, 'and waits no more';

done_testing;
