// A fixture here mostly waits for processes of its own, which take a core in turns: two fixtures at a time leave a third of two cores idle.
[assembly: LevelOfParallelism(4)]
