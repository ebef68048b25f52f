namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>The state of an idle sequence on its way to somewhere else, or, once it is over, there or not: it may be dropped. Engine's thread.</summary>
/// <param name="pages">Pages that it is expected to give back.</param>
internal sealed class StateSave(int pages)
{
    public int Pages => pages;

    public bool IsOver { get; set; }

    /// <summary>Ends it when it takes too long.</summary>
    public ITimer? Limit { get; set; }
}
