"""The whole system on one machine: embedded AWS, the gateway stand-ins, a simulated fleet. Never deployed."""
