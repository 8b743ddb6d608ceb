package Cocaine::Worker::Methods;

# The subs of the app's code that can be called by their names.

use strict;
use warnings;
use Sub::Util qw(subname);

# What Perl itself calls.
my %RESERVED = map { $_ => 1 } qw(AUTOLOAD BEGIN CHECK DESTROY END INIT UNITCHECK import unimport);

sub new {
    my ($class, $package) = @_;
    my (%subs, @own);
    no strict 'refs';
    for my $name (sort keys %{"${package}::"}) {
        next if $name !~ /\A[A-Za-z]\w*\z/ || $RESERVED{$name} || !defined &{"${package}::$name"};
        my $code = \&{"${package}::$name"};
        $subs{$name} = $code;
        # What the code imported may be called, but is not shown.
        push @own, $name if subname($code) =~ /\A\Q$package\E::[^:]+\z/;
    }
    return bless { subs => \%subs, names => \@own }, $class;
}

sub subs  { return $_[0]{subs} }
sub names { return $_[0]{names} }

1;
