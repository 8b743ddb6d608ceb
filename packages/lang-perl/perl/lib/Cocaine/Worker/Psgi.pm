package Cocaine::Worker::Psgi;

# The language `perl+psgi`: web tasks run a PSGI application, the others subs.

use strict;
use warnings;
use parent -norequire, 'Cocaine::Worker::Functions';
use Cocaine::Worker::Errors qw(message_of);
use Cocaine::Worker::Functions ();
use Cocaine::Worker::Psgi::Environ ();
use Cocaine::Worker::Psgi::Head ();
use Cocaine::Worker::Psgi::Response ();
use overload ();
use Scalar::Util qw(blessed reftype);

# The application is the last value of the file, as plackup has it.
sub new {
    my ($class, $methods, $form, $value) = @_;
    my $self = $class->SUPER::new($methods, $form);
    $self->{application} = _application($value);
    $self->{environ}     = Cocaine::Worker::Psgi::Environ->new;
    $self->{known}       = {};
    # Any task may be a web task, which its metadata alone says.
    $self->{simple} = {};
    return $self;
}

sub run {
    my ($self, $job) = @_;
    return $self->SUPER::run($job) unless $job->describes('http');
    my $env      = $self->{environ}->of($job);
    my $response = Cocaine::Worker::Psgi::Response->new($job, $env->{REQUEST_METHOD} eq 'HEAD', $self->{known});
    my $answer   = $self->{application}->($env);
    return $response->respond($answer) unless ref $answer && reftype $answer eq 'CODE';
    # A delayed response.
    unless (eval { $answer->(sub { return $response->begin(@_) }); 1 }) {
        my $error = $@;
        die $error unless $response->is_complete;
        print STDERR 'after its response: ', message_of($error), "\n";
    }
    return $response->finish;
}

sub _application {
    my ($value) = @_;
    return $value->to_app if blessed $value && $value->can('to_app');
    return \&$value if ref $value && (reftype $value eq 'CODE' || blessed $value && overload::Method($value, '&{}'));
    die 'the last value of the file is no PSGI application: it must be a code reference, not '
        . (ref $value || (defined $value ? "'$value'" : 'undef')) . "\n";
}

1;
