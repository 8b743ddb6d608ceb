use strict;
use warnings;
use utf8;
use JSON::PP ();
use Test::More;
use Cocaine::Worker::Text qw(bytes_of clipped quoted);

is bytes_of("\xff\x00"), "\xff\x00", 'bytes stay what they are';
is bytes_of("\x{17c}"), "\xc5\xbc", 'wide characters become UTF-8';
is clipped("\xc5\xbc"), "\xc5\xbc", 'UTF-8 stays what it is';
is clipped("caf\xe9"), "caf\xc3\xa9", 'bytes that are no UTF-8 are characters';
like clipped("\x{17c}" x 100_000), qr/\xe2\x80\xa6\z/, 'what is too long ends with a mark';
cmp_ok length clipped('x' x 1_000_000), '<=', 100_003, 'and is no longer than it may be';
ok utf8::decode(my $cut = clipped('x' . "\x{17c}" x 100_000)), 'and in no half of a character';

my $all = join '', map { chr } 0 .. 300, 0xffff, 0x1f40d;
is(JSON::PP->new->allow_nonref->decode(quoted($all)), $all, 'a string of JSON is what it was');
unlike quoted($all), qr/[^\x20-\x7e]/, 'in ASCII';

done_testing;
