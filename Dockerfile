# Images of the two programs: docker build --target controller . and docker build --target apiserver .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/ ./cmd/controller ./cmd/apiserver && \
    go build -tags=cloud -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/controller-cloud ./cmd/controller

FROM gcr.io/distroless/static:nonroot AS controller
COPY --from=build /out/controller /out/controller-cloud /
USER 65532:65532
ENTRYPOINT ["/controller"]

FROM gcr.io/distroless/static:nonroot AS apiserver
COPY --from=build /out/apiserver /apiserver
USER 65532:65532
ENTRYPOINT ["/apiserver"]
