package Cocaine::Worker::Runner;

# Runs the jobs that the engine sends, one at a time.

use strict;
use warnings;
use Cocaine::Cancelled ();
use Cocaine::Worker::Errors qw(failure message_of note_stack);
use Cocaine::Worker::Job ();
use Cocaine::Worker::Protocol qw(:all);

sub new {
    my ($class, %of) = @_;
    return bless {
        %of,
        # INVOKE messages of jobs that have not begun.
        ahead => [],
        # Those of them whose requests are still coming, by their numbers.
        jobs        => {},
        running     => undef,
        stack       => undef,
        terminating => 0,
        process     => $$,
    }, $class;
}

# Until TERMINATE, when the last job that was sent before it has ended.
sub run {
    my ($self) = @_;
    my $link = $self->{link};
    while (1) {
        $self->_work;
        $link->flush;
        last if $self->{terminating};
        $self->_dispatch($link->receive(1));
    }
    return;
}

sub _work {
    my ($self) = @_;
    # The hot path: everything that a plain job needs is here, in variables of its own.
    my ($ahead, $jobs, $link, $pulse, $mark) = @$self{qw(ahead jobs link pulse mark)};
    my $simple = $self->{language}->simple;
    while (my $frames = shift @$ahead) {
        my $header = $frames->[0];
        my $number = substr $header, 4;
        if ($mark) {
            sysseek $mark, 0, 0;
            syswrite $mark, $number;
        }
        $pulse->wake if $link->{out} ne '' && !$pulse->{awake};
        my $whole = ord substr $header, 1, 1;
        my $job   = $whole ? _job($self, $frames, $number, $whole) : delete $jobs->{$number};
        $self->{running} = $job;
        my $function = $whole && $simple->{ $frames->[1] };
        my $answer;
        if (!$function) {
            eval { $self->{language}->run($job); 1 } or $self->_fail($number, $@);
        }
        elsif (eval { $answer = $function->($frames->[3] // '', $job); 1 }) {
            my $length;
            if (defined $answer
                && !ref $answer
                && !utf8::is_utf8($answer)
                && ($length = length $answer) < 256
                && $length
                && $job->[6] > 0)
            {
                $link->{out} .= LAST_CHUNK_OPENING . $number . "\0" . chr($length) . $answer;
            }
            else {
                eval { $self->{language}->answer($job, $answer); 1 } or $self->_fail($number, $@);
            }
        }
        else {
            $self->_fail($number, $@);
        }
        $self->{running} = undef;
        if ($pulse->{ticked} || length $link->{out} >= 65_536) {
            $pulse->{ticked} = 0;
            $link->flush;
            # A job that was sent ahead may have been cancelled meanwhile.
            $self->look;
        }
    }
    return;
}

sub _job {
    my ($self, $frames, $number, $whole) = @_;
    return bless [ $self, $number, @$frames[ 1, 2 ], $whole, $frames->[3], WINDOW ], 'Cocaine::Worker::Job';
}

# --- what a running job needs ---

# Sends one message, within a tick.
sub send_message {
    my ($self, $message) = @_;
    $self->{link}->send_message($message);
    $self->{pulse}->wake unless $self->{pulse}{awake};
    return;
}

# Sends the message that ends a job: it leaves before more app code runs, or that code's start sees to it.
sub hold {
    my ($self, $message) = @_;
    return $self->{link}->send_message($message);
}

sub flush { return $_[0]{link}->flush }

# Waits for something to come from the engine.
sub wait {
    my ($self) = @_;
    $self->{link}->flush;
    return $self->_dispatch($self->{link}->receive(1));
}

# Looks, if it has not for a tick; for what is done often.
sub glance {
    my ($self) = @_;
    return unless $self->{pulse}{ticked};
    $self->{pulse}{ticked} = 0;
    return $self->look;
}

# Takes what has come from the engine.
sub look {
    my ($self) = @_;
    return $self->_dispatch($self->{link}->receive(0));
}

# Notes where the code dies, for $SIG{__DIE__}.
sub note_death {
    my ($self) = @_;
    $self->{stack} = [ $_[1], note_stack() ] if $self->{running};
    return;
}

sub _fail {
    my ($self, $number, $error) = @_;
    if ($$ != $self->{process}) {
        # A process that the app forked has come back into the kit: the connection is not its own.
        syswrite STDERR, message_of($error) . "\n";
        require POSIX;
        POSIX::_exit(1);
    }
    my $noted = $self->{stack};
    $self->{stack} = undef;
    my $stack = $noted && _same($noted->[0], $error) ? $noted->[1] : undef;
    return $self->{link}->send_message(message(ERROR, $number, failure($error, $stack)));
}

sub _same {
    my ($one, $other) = @_;
    return 0 unless defined $one && defined $other;
    return ref $one && ref $other ? Scalar::Util::refaddr($one) == Scalar::Util::refaddr($other) : !ref $one && !ref $other && $one eq $other;
}

# --- what the engine says ---

sub _dispatch {
    my ($self, $messages) = @_;
    for my $frames (@$messages) {
        my $code = ord $frames->[0];
        if ($code == INVOKE) {
            push @{ $self->{ahead} }, $frames;
            next if ord substr $frames->[0], 1, 1;
            my $number = substr $frames->[0], 4;
            $self->{jobs}{$number} = _job($self, $frames, $number, 0);
            next;
        }
        if ($code == TERMINATE) { $self->{terminating} = 1; next }
        my $number = substr $frames->[0], 4;
        if ($code == CANCEL) { $self->_cancel($number, $frames->[1] // ''); next }
        next if $code != WRITE && $code != CREDIT;
        my $running = $self->{running};
        my $job = $running && $running->[1] eq $number ? $running : $self->{jobs}{$number};
        next unless $job;
        if   ($code == WRITE) { $job->stream->push_chunk($frames->[1], ord substr $frames->[0], 1, 1) }
        else                  { $job->credit(unpack 'N', $frames->[1]) }
    }
    return;
}

sub _cancel {
    my ($self, $number, $reason) = @_;
    my $running = $self->{running};
    if ($running && $running->[1] eq $number) {
        $running->cancel($reason);
        return;
    }
    my $ahead = $self->{ahead};
    my ($at) = grep { substr($ahead->[$_][0], 4) eq $number } 0 .. $#$ahead;
    return unless defined $at;
    splice @$ahead, $at, 1;
    delete $self->{jobs}{$number};
    $self->_fail($number, Cocaine::Cancelled->new($reason));
    return;
}

1;
