package Cocaine::Worker::Psgi::Response;

# The response of an application, as it sends it; also the writer that a delayed one is given.

use strict;
use warnings;
use Cocaine::Worker::Psgi::Head ();
use Scalar::Util qw(blessed openhandle);

# Bytes that are read from a file at once.
use constant BLOCK => 65_536;

# `without_body` where the request was HEAD.
sub new {
    my ($class, $job, $without_body, $known) = @_;
    return bless {
        job => $job, without_body => $without_body, known => $known, head => undef, sent => 0, written => 0, complete => 0,
    }, $class;
}

sub is_complete { return $_[0]{complete} }

# The whole response: status, headers and body.
sub respond {
    my ($self, $answer) = @_;
    die "a response is an array reference of status, headers and body, or a code reference\n"
        unless ref $answer eq 'ARRAY' && @$answer == 3;
    my ($status, $headers, $body) = @$answer;
    $self->_start($status, $headers);
    return $self->_send_array($body) if ref $body eq 'ARRAY';
    die "a body is an array reference, a file handle or an object with getline\n"
        unless openhandle $body || blessed $body && $body->can('getline');
    return $self->_send_file($body);
}

# What a delayed application calls: with a body it is the whole response, without one there is a writer.
sub begin {
    my ($self, $answer) = @_;
    die "the application responded twice\n" if $self->{head};
    unless (ref $answer eq 'ARRAY' && @$answer == 2) {
        $self->respond($answer);
        # The code goes on, and nothing else would send it meanwhile.
        $self->{job}->runner->flush;
        return;
    }
    $self->_start(@$answer);
    $self->_send_head;
    return $self;
}

# Sends a piece of the body.
sub write {
    my ($self, $data) = @_;
    die "the response is complete, and the application writes\n" if $self->{complete};
    $data = _bytes($data);
    return if $data eq '';
    $self->_send_head;
    return if $self->{without_body};
    my $length = $self->{head}->length_of_body;
    $data = substr $data, 0, $length - $self->{written} if defined $length && $self->{written} + length $data > $length;
    $self->{written} += length $data;
    $self->{job}->write($data);
    return;
}

sub close { return $_[0]->finish }

# The end, which may be told again.
sub finish {
    my ($self) = @_;
    return if $self->{complete};
    my $head = $self->{head} or die "the application returned without a response\n";
    $head->set_length(0) unless $self->{sent} || $self->{without_body};
    $self->_require($self->{written});
    return $self->_end('', $self->{sent} ? undef : $head->encode);
}

sub _start {
    my ($self, $status, $headers) = @_;
    $self->{head} = Cocaine::Worker::Psgi::Head->new($self->{known}, $status, $headers);
    $self->{without_body} ||= $self->{head}->is_bodyless;
    return;
}

sub _send_array {
    my ($self, $body) = @_;
    my $head = $self->{head};
    my $data = _bytes(@$body == 1 ? $body->[0] : join '', map { _bytes($_) } @$body);
    # What HEAD is answered with need not have the body of GET.
    $head->set_length(length $data) unless $self->{without_body} && $data eq '';
    $self->_require(length $data);
    if ($self->{without_body} || $data eq '' || length $data > $head->length_of_body) {
        $self->write($data);
        return $self->finish;
    }
    return $self->_end($data, $head->encode);
}

sub _send_file {
    my ($self, $body) = @_;
    my $sent = eval {
        local $/ = \(BLOCK);
        while (defined(my $data = $body->getline)) {
            $self->write($data);
            # The rest is of no use.
            last if $self->{sent} && $self->_is_full;
        }
        1;
    };
    my $error = $@;
    $body->close if !blessed $body || $body->can('close');
    die $error unless $sent;
    return $self->finish;
}

sub _is_full {
    my ($self) = @_;
    my $length = $self->{head}->length_of_body;
    return $self->{without_body} || defined $length && $self->{written} >= $length;
}

# Dies where so many bytes are less than the application said.
sub _require {
    my ($self, $bytes) = @_;
    my $length = $self->{head}->length_of_body;
    die "Content-Length says $length, and the body has $bytes bytes\n"
        if !$self->{without_body} && defined $length && $bytes < $length;
    return;
}

sub _send_head {
    my ($self) = @_;
    return if $self->{sent};
    $self->{sent} = 1;
    $self->{job}->write($self->{head}->encode);
    return;
}

sub _end {
    my ($self, $data, $first) = @_;
    $self->{job}->finish($data, $first);
    $self->{complete} = 1;
    return;
}

sub _bytes {
    my ($data) = @_;
    die "a piece of the body is undef\n" unless defined $data;
    utf8::downgrade($data, 1) or die "the body has characters beyond 255 in it: encode it\n";
    return $data;
}

1;
