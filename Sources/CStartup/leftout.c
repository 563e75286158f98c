// What the Makefile's LEFT_OUT puts in the place of functions that are linked since something names them, and that no path of
// cb reaches. With them goes what they alone draw in. Each of them may say "nothing": no name of that character, no
// document from that address, no cipher added; so no more than that would be lost if one were reached after all.
#ifdef CB_STATIC_RUNTIME

long cb_left_out(void);
long cb_left_out(void) { return 0; }

#endif
