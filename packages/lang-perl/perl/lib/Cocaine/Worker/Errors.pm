package Cocaine::Worker::Errors;

# What code died with, as it is told to the engine.

use strict;
use warnings;
use Cocaine::Worker::Text qw(clipped quoted);
use Exporter qw(import);
use Scalar::Util qw(blessed reftype);

our @EXPORT_OK = qw(failure message_of note_stack);

my %NAMES = (
    'Cocaine::Cancelled'            => 'cancelled',
    'Cocaine::Worker::Exit'         => 'exit',
    'Cocaine::Worker::NoSuchMethod' => 'no-such-method',
);

# The frames of ERROR: type, message, JSON with the stack.
sub failure {
    my ($error, $stack) = @_;
    my $class = blessed $error;
    my $message = message_of($error);
    my $name = defined $class ? $NAMES{$class} // $class : 'die';
    my $text = clipped(defined $stack ? "$message\n$stack" : $message);
    utf8::decode($text);
    return (clipped($name), clipped($message), '{"stack":' . quoted($text) . '}');
}

sub message_of {
    my ($error) = @_;
    return 'the code died without a word' unless defined $error;
    my $message = eval {
        if (blessed $error) {
            require overload;
            overload::Method($error, '""') ? "$error" : $error->can('message') ? $error->message : "$error";
        }
        elsif (ref $error && reftype $error eq 'HASH' && defined $error->{message}) { $error->{message} }
        else                                                                       {"$error"}
    };
    $message //= 'its message cannot be shown';
    chomp $message;
    return $message;
}

# The stack at a `die`, from the app's own last frame to its first; for $SIG{__DIE__}.
sub note_stack {
    my @lines;
    # Beyond this sub, what calls it and the handler itself.
    for (my $level = 3; my ($package, $file, $line, $sub) = caller $level; $level++) {
        last if $package =~ /\ACocaine::Worker(?:::|\z)/;
        push @lines, "\t$sub called at $file line $line" unless $sub eq '(eval)';
        last if @lines == 100;
    }
    return join "\n", @lines;
}

1;
