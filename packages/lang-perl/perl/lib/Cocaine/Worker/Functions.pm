package Cocaine::Worker::Functions;

# Runs subs of the app's code: all of a language but web tasks.

use strict;
use warnings;
use Cocaine::Worker::NoSuchMethod ();
use Scalar::Util qw(blessed);

# `form` says how requests and responses are written.
sub new {
    my ($class, $methods, $form) = @_;
    return bless { methods => $methods, form => $form, simple => $form->is_plain ? $methods->subs : {} }, $class;
}

sub names  { return $_[0]{methods}->names }
sub simple { return $_[0]{simple} }

sub run {
    my ($self, $job) = @_;
    my $function = $self->{methods}->subs->{ $job->method }
        // die Cocaine::Worker::NoSuchMethod->new($job->method, $self->names);
    my $answer = $function->($self->{form}->request($job), $job);
    return $self->answer($job, $answer);
}

# Sends what a sub answered with.
sub answer {
    my ($self, $job, $answer) = @_;
    my $form = $self->{form};
    my $next = _iterator($answer);
    return $job->finish($form->chunk($answer)) unless $next;
    my $sent = eval {
        while (defined(my $value = $next->())) { $job->write($form->chunk($value)) }
        1;
    };
    my $error = $@;
    $answer->close if blessed $answer && $answer->can('close');
    die $error unless $sent;
    return $job->finish('');
}

# What gives the chunks of a response, one by one; none if it is no stream.
sub _iterator {
    my ($answer) = @_;
    return unless ref $answer;
    return $answer if ref $answer eq 'CODE';
    return sub { scalar readline $answer }
        if ref $answer eq 'GLOB';
    return unless blessed $answer;
    for my $name (qw(next getline)) {
        return sub { scalar $answer->$name }
            if $answer->can($name);
    }
    return;
}

1;
