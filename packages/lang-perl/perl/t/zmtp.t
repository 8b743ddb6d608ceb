use strict;
use warnings;
use Test::More;
use Cocaine::Worker::Zmtp qw(COMMAND MORE answer_to command frame split_message);

is unpack('H*', frame(5, 0)), '0005', 'the header of a short frame';
is unpack('H*', frame(255, MORE)), '01ff', 'the header of the longest short frame';
is unpack('H*', frame(256, 0)), '020000000000000100', 'the header of a long frame';
is unpack('H*', command('READY', 'x')), '0407' . unpack('H*', "\5READYx"), 'a command';

sub frames { my @bodies = @_; return join '', map { frame(length $bodies[$_], $_ < $#bodies ? MORE : 0) . $bodies[$_] } 0 .. $#bodies }

for my $bodies ([''], [ 'a', '', 'x' x 255 ], [ 'y' x 256, 'z' x 70_000, 'end' ]) {
    my $data = 'before' . frames(@$bodies);
    my ($end, $frames, $command) = split_message($data . 'after', 6, length $data);
    is $end, length $data, 'a message ends where it does';
    is_deeply $frames, $bodies, 'and has its frames';
    ok !$command, 'and is no command';
    my $needs_more = 1;
    for my $size (6, 7, 8, (length($data) - 1) x !!(length $data > 8)) {
        next if $size >= length $data;
        my ($none, $need) = split_message($data, 6, $size);
        $needs_more = 0 if defined $none || $need <= $size || $need > length $data;
    }
    ok $needs_more, 'and is incomplete before, and says how much it needs at least';
}

my $ping = command('PING', "\0\0context");
my ($end, $frames, $command) = split_message($ping, 0, length $ping);
ok $command, 'a command is told from a message';
is answer_to($frames->[0]), command('PONG', 'context'), 'and PING is answered with its context';
is answer_to("\5ERRORx"), '', 'and others are not';

done_testing;
