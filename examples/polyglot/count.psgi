# Counts words: a PSGI application, for perl+psgi.

use strict;
use warnings;
use Encode qw(decode);
use JSON::PP qw(encode_json);

sub {
    my ($env) = @_;
    my @words = split ' ', decode('UTF-8', do { local $/; $env->{'psgi.input'}->getline } // '');
    my ($longest) = sort { length $b <=> length $a } @words;
    my $answer = { language => 'Perl', words => scalar @words, longest => $longest // '' };
    return [ 200, [ 'Content-Type' => 'application/json' ], [ encode_json($answer) ] ];
};
