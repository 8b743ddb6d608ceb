package Cocaine::Worker::Plain;

# Requests and responses as they are: language `perl`.

use strict;
use warnings;
use Cocaine::Worker::Request ();
use Cocaine::Worker::Text qw(bytes_of);
use Scalar::Util qw(blessed);

sub new { return bless {}, $_[0] }

# Whether a sub may be called with the bytes of a request, without more ado.
sub is_plain { return 1 }

sub request {
    my ($self, $job) = @_;
    return $job->is_whole ? $job->body : Cocaine::Worker::Request->new($job);
}

sub chunk {
    my ($self, $value) = @_;
    return '' unless defined $value;
    return bytes_of($value) unless ref $value;
    if (blessed $value) {
        require overload;
        return bytes_of("$value") if overload::Method($value, '""');
    }
    die 'a response is a string, undef, a code reference or an object with next or getline, not ' . ref($value)
        . "; the language perl+json sends JSON values\n";
}

1;
