// Where people sign in. `moderate console` needs no such place: its link is the way in. A deployment has its own file.

export const signIn = null;
