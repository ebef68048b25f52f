namespace Orleans.Runtime;

/// <summary>An activation that lets the calls of a chain back in which left it.</summary>
internal interface ICallChainReentrantContext
{
    void OnEnterReentrantSection(Guid reentrancyId);

    void OnExitReentrantSection(Guid reentrancyId);
}
