namespace Grpc.Core.Interceptors;

/// <summary>Stands around calls, on the client, the server or both. What is not overridden passes through.</summary>
public abstract partial class Interceptor
{
}
