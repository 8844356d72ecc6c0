"""The app's back end: what it is asked before an action (CB-03), hooks in process, and the forms of callbacks."""
