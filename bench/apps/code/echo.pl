sub event { return $_[0] }

1;
