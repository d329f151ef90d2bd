"""What two feeds differ in, told to riders, planners and data people."""
