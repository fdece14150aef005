package rabbitmq

import (
	"encoding/json"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/core/domain"
)

// message is the body. Only the id is read; the rest is for people who look.
type message struct {
	ID           domain.JobID          `json:"id"`
	Organization domain.OrganizationID `json:"organization"`
	Kind         domain.JobKind        `json:"kind"`
	CreatedAt    time.Time             `json:"created_at"`
}

func encode(job domain.Job) (amqp.Publishing, error) {
	body, err := json.Marshal(message{job.ID, job.Organization, job.Kind, job.CreatedAt})
	if err != nil {
		return amqp.Publishing{}, err
	}
	return amqp.Publishing{
		MessageId:    string(job.ID),
		Type:         string(job.Kind),
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		Body:         body,
	}, nil
}

func decode(body []byte) (domain.JobID, error) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return "", err
	}
	return domain.ParseID[domain.JobID](string(m.ID))
}
