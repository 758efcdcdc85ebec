"""What every process of ours does beside its work: tasks that are started again when they break, files that are read
again when they change, the keys that models must be signed with. It knows no protocol, no backend and no metric."""
