package Cocaine::Worker::Psgi::Head;

# The head of a response: status and headers of an application, checked, and written for the engine.

use strict;
use warnings;
use Cocaine::Worker::Text qw(quoted);

# Headers that are remembered, and the length of the longest.
use constant { LIMIT => 1000, LONGEST => 200 };

my %HOP_BY_HOP = map { $_ => 1 } qw(
    connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers transfer-encoding
    upgrade
);

# `known` has headers as they were checked and written: those of an application recur.
sub new {
    my ($class, $known, $status, $headers) = @_;
    die 'a status is a number from 200 to 999, not ' . _shown($status) . "\n"
        unless defined $status && $status =~ /\A[2-9]\d\d\z/a;
    die 'headers are an array reference of names and values, not ' . _shown($headers) . "\n"
        unless ref $headers eq 'ARRAY' && @$headers % 2 == 0;
    my (@texts, $length);
    for (my $at = 0; $at < @$headers; $at += 2) {
        my ($name, $value) = @$headers[ $at, $at + 1 ];
        die 'header ' . _shown($name) . ' has no value' . "\n" unless defined $name && defined $value;
        my $found = $known->{"$name\0$value"} // _check($known, "$name", "$value");
        push @texts, $found->[0];
        $length = $found->[1] if defined $found->[1];
    }
    return bless { status => $status, texts => \@texts, length => $length }, $class;
}

# What Content-Length says.
sub length_of_body { return $_[0]{length} }

# No body belongs to such a status (RFC 9110).
sub is_bodyless { return $_[0]{status} == 204 || $_[0]{status} == 304 }

# Adds a Content-Length, if the application gave none and there can be one.
sub set_length {
    my ($self, $length) = @_;
    return if defined $self->{length} || $self->is_bodyless;
    $self->{length} = $length;
    push @{ $self->{texts} }, qq(["Content-Length","$length"]);
    return;
}

# The first chunk of the response.
sub encode {
    my ($self) = @_;
    return qq({"status":$self->{status},"headers":[) . join(',', @{ $self->{texts} }) . ']}';
}

sub _check {
    my ($known, $name, $value) = @_;
    die "'$name' is not the name of a header\n"
        unless $name =~ /\A[!#\$%&'*+.^_`|~0-9A-Za-z-]+\z/ && $name !~ /[-_]\z/ && lc $name ne 'status';
    die "header $name has a line break or another control character in it\n" if $value =~ /[\x00-\x08\x0a-\x1f\x7f]/;
    die "header $name has a character beyond 255 in it: encode it\n"           if $value =~ /[^\x00-\xff]/;
    my $lower = lc $name;
    die "header $name is the server's own affair (hop-by-hop): an application must not set it\n" if $HOP_BY_HOP{$lower};
    my $length;
    if ($lower eq 'content-length') {
        die "Content-Length '$value' is not a number\n" unless $value =~ /\A\d+\z/a;
        $length = $value;
    }
    my $found = [ '[' . quoted($name) . ',' . quoted($value) . ']', $length ];
    if (length($name) + length($value) <= LONGEST) {
        %$known = () if keys %$known >= LIMIT;
        $known->{"$name\0$value"} = $found;
    }
    return $found;
}

sub _shown { return defined $_[0] ? "'$_[0]'" : 'undef' }

1;
