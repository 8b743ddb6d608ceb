package Cocaine::Worker::Json;

# Requests and responses are JSON values: language `perl+json`.

use strict;
use warnings;
use JSON::PP ();

sub new {
    return bless { json => JSON::PP->new->utf8->allow_nonref->convert_blessed }, $_[0];
}

sub is_plain { return 0 }

sub request {
    my ($self, $job) = @_;
    my $data = $job->body;
    my $value;
    return $value if $data eq '';
    eval { $value = $self->{json}->decode($data); 1 } or die 'the request is no JSON: ' . _plain($@);
    return $value;
}

sub chunk {
    my ($self, $value) = @_;
    my $data;
    eval { $data = $self->{json}->encode($value); 1 } or die 'the response cannot be JSON: ' . _plain($@);
    return $data;
}

# Without the line of this file, which says nothing to anyone.
sub _plain {
    my ($error) = @_;
    $error =~ s/ at \S+ line \d+\.?\n?\z//;
    return "$error\n";
}

1;
