package Cocaine::Worker::Stream;

# The request of a job as it comes in. Its sender waits while nobody reads.

use strict;
use warnings;
use Cocaine::Worker::Protocol qw(WINDOW);
use Scalar::Util qw(weaken);

sub new {
    my ($class, $job, $chunk, $whole) = @_;
    my $self = bless {
        job => $job, chunks => [ $chunk eq '' ? () : $chunk ], at => 0, ended => $whole, consumed => 0,
    }, $class;
    weaken $self->{job};
    return $self;
}

# The next chunk; undef at the end.
sub next {
    my ($self) = @_;
    return $self->_wait ? $self->_take : undef;
}

# `size` bytes, fewer only at the end; without a size all that is left.
# With a variable first, it reads as Perl's own `read` does: read($buffer, $length, $offset).
sub read {
    my $self = shift;
    return $self->_read_into(@_ > 2 ? (\$_[0], $_[1], $_[2]) : (\$_[0], $_[1])) if @_ > 1;
    my ($size) = @_;
    my $data = '';
    while ((!defined $size || length $data < $size) && $self->_wait) {
        $data .= $self->_take(defined $size ? $size - length $data : ());
    }
    return $data;
}

# The next line, as $/ says what one is; undef at the end.
sub getline {
    my ($self) = @_;
    if (!defined $/ || ref $/) {
        my $data = $self->read(ref $/ ? ${$/} : ());
        return $data eq '' ? undef : $data;
    }
    my ($end, $line) = ($/ eq '' ? "\n\n" : $/, '');
    while ($self->_wait) {
        my $size = _line_in($self->{chunks}[0], $self->{at}, $line, $end);
        $line .= $self->_take($size);
        last if defined $size;
    }
    return $line eq '' ? undef : $line;
}

sub getlines {
    my ($self) = @_;
    my @lines;
    while (defined(my $line = $self->getline)) { push @lines, $line }
    return @lines;
}

sub close { return 1 }

# --- what the kit does ---

sub push_chunk {
    my ($self, $chunk, $end) = @_;
    push @{ $self->{chunks} }, $chunk if defined $chunk && $chunk ne '';
    $self->{ended} = 1 if $end;
    return;
}

# Waits until there is something to take; whether there is.
sub _wait {
    my ($self) = @_;
    my $job = $self->{job};
    $job->check;
    until (@{ $self->{chunks} } || $self->{ended}) {
        $job->runner->wait;
        $job->check;
    }
    return scalar @{ $self->{chunks} };
}

# Takes the rest of the first chunk, or so many bytes of it at the most.
sub _take {
    my ($self, $size) = @_;
    my ($chunks, $at) = @$self{qw(chunks at)};
    my $left = length($chunks->[0]) - $at;
    my $data;
    if (defined $size && $size < $left) {
        $data = substr $chunks->[0], $at, $size;
        $self->{at} += $size;
    }
    else {
        $data = $at ? substr $chunks->[0], $at : $chunks->[0];
        shift @$chunks;
        $self->{at} = 0;
    }
    $self->{consumed} += length $data;
    if ($self->{consumed} >= WINDOW / 2 && !$self->{ended}) {
        my $granted = $self->{consumed};
        $self->{consumed} = 0;
        $self->{job}->grant($granted);
    }
    return $data;
}

# How many bytes of a chunk, from an index on, belong to a line that has begun; undef if its end is not in it.
sub _line_in {
    my ($chunk, $from, $line, $end) = (\$_[0], @_[ 1 .. 3 ]);
    # The end may have begun in what came before.
    for (my $have = length($end) - 1; $have > 0; $have--) {
        my $rest = substr $end, $have;
        return length $rest
            if length $line >= $have
            && substr($line, -$have) eq substr($end, 0, $have)
            && substr($$chunk, $from, length $rest) eq $rest;
    }
    my $at = index $$chunk, $end, $from;
    return $at < 0 ? undef : $at + length($end) - $from;
}

sub _read_into {
    my ($self, $buffer, $length, $offset) = @_;
    my $data = $self->read($length);
    $offset //= 0;
    $$buffer = '' unless defined $$buffer;
    $offset += length $$buffer if $offset < 0;
    $$buffer .= "\0" x ($offset - length $$buffer) if $offset > length $$buffer;
    substr $$buffer, $offset, length $$buffer, $data;
    return length $data;
}

1;
