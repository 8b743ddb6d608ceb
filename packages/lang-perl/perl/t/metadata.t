use strict;
use warnings;
use JSON::PP ();
use Test::More;
use Cocaine::Worker::Metadata qw(decode_metadata);

my @texts = (
    '{}', '[]', ' { "a" : [ 1 , -2.5e3, 0 ] } ', '"\u017c\ud83d\udc0d \"quoted\" \\\\ \/"', qq("\xc5\xbc plain"),
    '{"a":{"b":[[],{},""]},"c":null,"d":true,"e":false}', '"' . '\\\\' x 100_000 . '"',
);
for my $text (@texts) {
    my ($got, $expected) = (decode_metadata($text), JSON::PP->new->utf8->allow_nonref->decode($text));
    if (ref $expected eq 'HASH' && exists $expected->{d}) {
        is !!$got->{d}, !!1, 'true is true';
        is !!$got->{e}, !!0, 'false is false';
        delete @{$_}{qw(d e)} for $got, $expected;
    }
    is_deeply $got, $expected, 'as JSON::PP reads it: ' . substr $text, 0, 40;
}
for my $text ('', '{', '{"a"}', '[1', '"open', '{} more', 'nothing') {
    ok !eval { decode_metadata($text); 1 }, "no JSON: '$text'";
    like $@, qr/\Athe metadata of a job is no JSON/, 'and says so';
}

done_testing;
