namespace Orleans.Runtime.Clustering.Directory;

/// <summary>
/// A silo that gets parts of the directory learns what is in them from the silos that have the activations; what it is asked about them waits until all have told.
/// </summary>
internal sealed class PartRecovery(Func<GrainId, bool> covers, Func<Task> run)
{
    public static PartRecovery None { get; } = new(static _ => false, static () => Task.CompletedTask);

    public Task Completion { get; private set; } = Task.CompletedTask;

    public bool Covers(GrainId grain) => covers(grain);

    public bool IsPending(GrainId grain) => !Completion.IsCompleted && covers(grain);

    public void Start() => Completion = Task.Run(run);
}
