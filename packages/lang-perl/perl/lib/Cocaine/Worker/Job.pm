package Cocaine::Worker::Job;

# One job, as the code that runs it sees it: its request as it comes, and its response as it goes out.
#
# An array, since one is made for each job.

use strict;
use warnings;
use Cocaine::Cancelled ();
use Cocaine::Worker::Metadata qw(decode_metadata);
use Cocaine::Worker::Protocol qw(:all);
use Cocaine::Worker::Stream ();
use Cocaine::Worker::Text qw(bytes_of clipped);
use Cocaine::Worker::Zmtp qw(frame);

use constant {
    RUNNER => 0, NUMBER => 1, METHOD => 2, DESCRIBED => 3, WHOLE => 4, REQUEST => 5, WINDOW_LEFT => 6, CANCELLED => 7,
    METADATA => 8, STREAM => 9,
};

# --- what app code sees ---

sub method { return $_[0][METHOD] }

sub metadata {
    my ($self) = @_;
    return $self->[METADATA] //= decode_metadata($self->[DESCRIBED]);
}

sub id       { return $_[0]->metadata->{id} }
sub attempt  { return $_[0]->metadata->{attempt} }
sub deadline { return $_[0]->metadata->{deadline} }

# The request as it comes; also one that came whole.
sub stream {
    my ($self) = @_;
    return $self->[STREAM] //= Cocaine::Worker::Stream->new($self, $self->[REQUEST] // '', $self->[WHOLE]);
}

# Whether nobody waits for the job any more, as far as this process has heard.
sub cancelled {
    my ($self) = @_;
    $self->[RUNNER]->look;
    return defined $self->[CANCELLED];
}

# Sends a chunk of the response. May die with Cocaine::Cancelled.
sub write {
    my ($self, $data) = @_;
    $data = bytes_of($data // '');
    for (my $at = 0; $at < length $data; $at += FRAME_LIMIT) {
        my $part = length $data > FRAME_LIMIT ? substr $data, $at, FRAME_LIMIT : $data;
        $self->_take(length $part);
        $self->[RUNNER]->send_message(CHUNK_OPENING . $self->[NUMBER] . frame(length $part, 0) . $part);
    }
    return;
}

# Writes a line to the app's log; the level is debug, info, warn or error.
sub log {
    my ($self, $level, $message, $fields) = @_;
    my @frames = (clipped($level), clipped($message));
    if ($fields) {
        require JSON::PP;
        my $data = JSON::PP->new->utf8->allow_blessed->convert_blessed->encode($fields);
        push @frames, length $data <= FRAME_LIMIT ? $data : '{"omitted":"too long"}';
    }
    $self->[RUNNER]->send_message(message(LOG, $self->[NUMBER], @frames));
    return;
}

# --- what the kit does ---

# Whether the request came with the job.
sub is_whole { return $_[0][WHOLE] }

# The whole request, however it comes.
sub body { return $_[0][WHOLE] ? $_[0][REQUEST] // '' : $_[0]->stream->read }

# Whether the driver says something under a key; most often found out without decoding.
sub describes {
    my ($self, $key) = @_;
    return index($self->[DESCRIBED], qq("$key":)) >= 0 && exists $self->metadata->{$key};
}

# Sends the last chunk, after one that goes before it, and the end with it.
sub finish {
    my ($self, $data, $first) = @_;
    my ($runner, $number) = @$self[ RUNNER, NUMBER ];
    my $length = length $data;
    if (!$length || $length > FRAME_LIMIT) {
        $self->write($first) if defined $first;
        $self->write($data);
        return $runner->hold(CHOKE_OPENING . $number);
    }
    my $message = LAST_CHUNK_OPENING . $number . frame($length, 0) . $data;
    if (defined $first) {
        if (length $first >= $self->[WINDOW_LEFT]) { $self->write($first) }
        else {
            $self->[WINDOW_LEFT] -= length $first;
            return $runner->hold(CHUNK_OPENING . $number . frame(length $first, 0) . $first . $message);
        }
    }
    $self->_take($length);
    return $runner->hold($message);
}

sub runner { return $_[0][RUNNER] }

# Credit that the engine gives for the response, and that it is given for the request.
sub credit { $_[0][WINDOW_LEFT] += $_[1]; return }

sub grant {
    my ($self, $size) = @_;
    return $self->[RUNNER]->send_message(CREDIT_OPENING . $self->[NUMBER] . frame(4, 0) . pack 'N', $size);
}

sub cancel {
    my ($self, $reason) = @_;
    $self->[CANCELLED] = Cocaine::Cancelled->new($reason);
    return;
}

# Dies where nobody waits for the job any more.
sub check {
    die $_[0][CANCELLED] if defined $_[0][CANCELLED];
    return;
}

# Waits until a frame of that size may be sent.
sub _take {
    my ($self, $size) = @_;
    my $runner = $self->[RUNNER];
    $runner->glance;
    die $self->[CANCELLED] if defined $self->[CANCELLED];
    while ($self->[WINDOW_LEFT] <= 0) {
        $runner->wait;
        $self->check;
    }
    $self->[WINDOW_LEFT] -= $size;
    return;
}

1;
