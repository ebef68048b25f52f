namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

/// <summary>An interface that no grain class implements.</summary>
public interface INobody : IGrainWithStringKey
{
    Task Nothing();
}
