/// What a statically linked cb leaves out of its start. There is nothing to call: see cstartup.c.
#ifndef CSTARTUP_H
#define CSTARTUP_H
#endif
