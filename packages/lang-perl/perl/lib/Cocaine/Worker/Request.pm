package Cocaine::Worker::Request;

# A request that comes in pieces: it is gathered where it is used as a string, so that code that reads the stream
# instead holds only a part of it.

use strict;
use warnings;

use overload '""' => \&text, 'bool' => sub { $_[0]->text ? 1 : '' }, fallback => 1;

sub new {
    my ($class, $job) = @_;
    return bless { job => $job, text => undef }, $class;
}

sub text {
    my ($self) = @_;
    return $self->{text} //= $self->{job}->stream->read;
}

1;
