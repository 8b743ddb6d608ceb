package Cocaine::Worker::NoSuchMethod;

# The app's code has no sub of the task's name.

use strict;
use warnings;

use overload '""' => sub {
    my ($self) = @_;
    return "the code has no sub '$self->{method}'; it has: " . (join(', ', @{ $self->{names} }) || 'none');
}, fallback => 1;

sub new {
    my ($class, $method, $names) = @_;
    return bless { method => $method, names => $names }, $class;
}

1;
