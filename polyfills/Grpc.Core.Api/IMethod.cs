namespace Grpc.Core;

public interface IMethod
{
    MethodType Type { get; }

    string ServiceName { get; }

    string Name { get; }

    /// <summary><c>/package.Service/Method</c>, the path on the wire.</summary>
    string FullName { get; }
}
