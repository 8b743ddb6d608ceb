package Cocaine::Worker::Loading;

# Loads the app's code.

use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Spec ();

our @EXPORT_OK = qw(load_code);

# Runs a file; the package that its subs are in, and its last value. Dies as the code does.
sub load_code {
    my ($file) = @_;
    $file = File::Spec->rel2abs($file);
    my $package = $file =~ /\.pm\z/ ? _package_of($file) : 'main';
    my @folders = dirname($file);
    if ($package ne 'main') {
        # Whoever asks for the module by its name has this one.
        (my $path = "$package.pm") =~ s{::}{/}g;
        $INC{$path} = $file;
        push @folders, $1 if $file =~ m{\A(.+)/\Q$path\E\z} && $1 ne $folders[0];
    }
    unshift @INC, map { $_, "$_/lib" } @folders;
    # Modules find what lies beside the program by it.
    $0 = $file;
    local ($@, $!);
    my $value = _do($file);
    die $@ if ref $@ || $@ ne '';
    die "cannot read $file: $!\n" if !defined $value && $! && !-r $file;
    return ($package, $value);
}

sub _package_of {
    my ($file) = @_;
    open my $handle, '<', $file or die "cannot read $file: $!\n";
    my $pod = 0;
    while (my $line = <$handle>) {
        last if $line =~ /\A__(?:END|DATA)__\b/;
        if ($line =~ /\A=([a-z]\w*)/) { $pod = $1 ne 'cut'; next }
        next if $pod;
        return $1 if $line =~ /\A\s*package\s+([A-Za-z_]\w*(?:::\w+)*)\s*[^\s;{]*\s*[;{]/;
    }
    return 'main';
}

package main;

# Without the lexical variables and pragmas of the module above.
sub Cocaine::Worker::Loading::_do { return do $_[0] }

package Cocaine::Worker::Loading;

1;
