using System.Buffers;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using OrleansLM.Gateway.Errors;

namespace OrleansLM.Gateway.Validation;

/// <summary>
/// Binds a service as its generated code does, but for requests: they are looked at before they are parsed, and refused when their text is not UTF-8. A
/// service takes part by naming its own binding method in <see cref="BindServiceMethodAttribute"/>.
/// </summary>
internal sealed class CheckedBinder(ServiceBinderBase inner) : ServiceBinderBase
{
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        inner.AddMethod(Checked(method), handler);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        inner.AddMethod(Checked(method), handler);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        inner.AddMethod(Checked(method), handler);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        inner.AddMethod(Checked(method), handler);

    private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        var descriptor = ((IMessage)Activator.CreateInstance<TRequest>()).Descriptor;
        var marshaller = method.RequestMarshaller;
        var parse = marshaller.ContextualDeserializer;
        return new Method<TRequest, TResponse>(
            method.Type,
            method.ServiceName,
            method.Name,
            new Marshaller<TRequest>(
                marshaller.ContextualSerializer,
                context =>
                {
                    var payload = context.PayloadAsReadOnlySequence();
                    ThrowIfNotText(Utf8Fields.FirstInvalid(descriptor, payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray()));
                    return parse(context);
                }),
            method.ResponseMarshaller);
    }

    private static void ThrowIfNotText(string? field)
    {
        if (field is not null)
        {
            throw ErrorMap.ToRpcException([new BadRequest.Types.FieldViolation { Field = field, Description = "is not UTF-8; expected text" }]);
        }
    }
}
