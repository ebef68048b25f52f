namespace Orleans.Runtime;

/// <summary>An activation that idle collection knows.</summary>
internal interface ICollectibleContext
{
    void DelayDeactivation(TimeSpan timeSpan);
}
