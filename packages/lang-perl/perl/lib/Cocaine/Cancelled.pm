package Cocaine::Cancelled;

# What a job dies with, where it reads or writes, once nobody waits for it.

use strict;
use warnings;

use overload '""' => sub { $_[0]{reason} }, fallback => 1;

sub new {
    my ($class, $reason) = @_;
    return bless { reason => $reason ne '' ? $reason : 'the job was cancelled' }, $class;
}

sub reason { $_[0]{reason} }

1;
