package Cocaine::Worker::Metadata;

# Reads the JSON that the engine says of a job. JSON::PP takes a multiple of the time, and of that of a worker's start.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(decode_metadata);

my %ESCAPES = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", '"' => '"', '\\' => '\\', '/' => '/');
my %WORDS = (true => 1, false => '', null => undef);

sub decode_metadata {
    my ($json) = @_;
    pos($json) = 0;
    my $value = _value(\$json);
    die "the metadata of a job is no JSON: $json\n" unless $json =~ /\G\s*\z/;
    return $value;
}

sub _value {
    my ($json) = @_;
    if ($$json =~ /\G\s*"/gc) { return _string($json) }
    if ($$json =~ /\G\s*\{\s*/gc) {
        my %object;
        return \%object if $$json =~ /\G\}/gc;
        do {
            $$json =~ /\G\s*"/gc or _fail($json);
            my $key = _string($json);
            $$json =~ /\G\s*:/gc or _fail($json);
            $object{$key} = _value($json);
        } while ($$json =~ /\G\s*,/gc);
        $$json =~ /\G\s*\}/gc or _fail($json);
        return \%object;
    }
    if ($$json =~ /\G\s*\[\s*/gc) {
        my @array;
        return \@array if $$json =~ /\G\]/gc;
        do { push @array, _value($json) } while ($$json =~ /\G\s*,/gc);
        $$json =~ /\G\s*\]/gc or _fail($json);
        return \@array;
    }
    if ($$json =~ /\G\s*(-?\d[\d.eE+-]*)/gc)    { return $1 + 0 }
    if ($$json =~ /\G\s*(true|false|null)\b/gc) { return $WORDS{$1} }
    return _fail($json);
}

# What follows a quotation mark, up to the next.
sub _string {
    my ($json) = @_;
    my $from = pos $$json;
    if ($$json =~ /\G([^"\\]*+)"/gc) {
        my $text = $1;
        utf8::decode($text);
        return $text;
    }
    # A group that repeats has a limit.
    1 while $$json =~ /\G[^"\\]*+(?:\\.[^"\\]*+){1,1000}+/gcs;
    $$json =~ /\G[^"\\]*+"/gc or _fail($json);
    my $text = substr $$json, $from, pos($$json) - 1 - $from;
    utf8::decode($text);
    $text =~ s{\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))}
        {defined $1 ? _astral(hex $1, hex $2) : defined $3 ? chr hex $3 : $ESCAPES{$4}}ges;
    return $text;
}

sub _astral { return chr 0x10000 + (($_[0] - 0xd800) << 10) + $_[1] - 0xdc00 }

sub _fail {
    my ($json) = @_;
    die "the metadata of a job is no JSON at " . (pos $$json // 0) . ": $$json\n";
}

1;
