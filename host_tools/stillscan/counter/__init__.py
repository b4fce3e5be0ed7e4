"""One customer's visit at the counter: which question comes next, who serves, what is on the glass."""
