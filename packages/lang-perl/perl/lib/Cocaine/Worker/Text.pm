package Cocaine::Worker::Text;

# Strings as bytes, and as JSON.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(bytes_of clipped quoted);

# The longest text of an error that is sent, in bytes: far within a frame.
use constant LIMIT => 100_000;

# A string as it is sent: as it is, or as UTF-8 where there are wide characters in it.
sub bytes_of {
    my ($text) = @_;
    utf8::encode($text) unless utf8::downgrade($text, 1);
    return $text;
}

# UTF-8 for a frame of text, whatever is in it.
sub clipped {
    my ($text) = @_;
    $text = bytes_of($text);
    # Bytes that are no UTF-8 are taken for characters.
    my $copy = $text;
    utf8::encode($text) unless utf8::decode($copy);
    return $text if length $text <= LIMIT;
    $text = substr $text, 0, LIMIT;
    # No half of a character is left.
    $text =~ s/[\xc0-\xff][\x80-\xbf]{0,3}\z//;
    return "$text\xe2\x80\xa6";
}

my %ESCAPES = ('"' => '\\"', '\\' => '\\\\', "\n" => '\\n', "\r" => '\\r', "\t" => '\\t');

# A string of JSON in ASCII; of bytes, each is the character of its number.
sub quoted {
    my ($text) = @_;
    $text =~ s/(["\\\x00-\x1f\x7f-\x{ffff}])/$ESCAPES{$1} || sprintf '\\u%04x', ord $1/ge;
    $text =~ s/([^\x00-\x7f])/sprintf '\\u%04x\\u%04x', 0xd800 + ((ord($1) - 0x10000) >> 10), 0xdc00 + ((ord($1) - 0x10000) & 0x3ff)/ge;
    return qq("$text");
}

1;
