package Cocaine::Worker::Exit;

# What `exit` dies with in a worker: it ends the job, and the worker lives on.

use strict;
use warnings;

use overload '""' => sub { "the code called exit($_[0]{status})" }, fallback => 1;

sub new {
    my ($class, $status) = @_;
    return bless { status => $status }, $class;
}

1;
