namespace Grpc.Core;

/// <summary>Carries the deadline and cancellation of a server call to the calls it makes.</summary>
public abstract class ContextPropagationToken
{
    internal ContextPropagationToken()
    {
    }
}
